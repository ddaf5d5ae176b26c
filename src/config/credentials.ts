const CREDENTIAL =
  /passw|pwd|hash|token|secret|salt|credential|wachtwoord|kennwort|mot_?de_?passe|(api|private|auth)_?key|(^|[^a-z])(pw|pass|mdp|t?otp)([^a-z]|$)/i;
const SSP_LOGIN = /ssp.*login|login.*ssp/i;

/** Columns whose name says that they hold a credential are never copied onto a card, nor read to propose anything. */
export const isCredential = (column: string) => CREDENTIAL.test(column);

/** Nor is the login to a portal that the card has no access to. */
export const isSspLogin = (column: string) => SSP_LOGIN.test(column);
