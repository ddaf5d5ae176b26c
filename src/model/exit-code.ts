/** What the process tells its caller; scripts rely on these numbers. */
export const ExitCode = {
  Done: 0,
  Failed: 1,
  Usage: 2,
  /** Something is pending, or the database differs from what it should be. */
  Pending: 3,
  /** Done, but operators are left for review. */
  LeftForReview: 4,
  PlanRefused: 5,
  Locked: 6,
  /** Done, but rows failed, drifted, or were found linked twice. */
  DoneWithFindings: 7,
  Interrupted: 130,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];
