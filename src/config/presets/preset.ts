import type { ConfigurationInput } from '../schema.js';

type Input = ConfigurationInput;

/** All that has no default, and whatever else the product needs otherwise. */
export type Preset = Pick<Input, 'operators' | 'persons' | 'card'> &
  Partial<Omit<Input, 'operators' | 'persons' | 'card' | 'match' | 'preset'>> & {
    readonly preset: NonNullable<Input['preset']>;
    readonly match: Pick<Input['match'], 'keys'> & Partial<Input['match']>;
  };
