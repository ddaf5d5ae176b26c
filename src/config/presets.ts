import type { Preset } from './presets/preset.js';
import { sample } from './presets/sample.js';
import { topdesk } from './presets/topdesk.js';

/** Whole configurations of known products; the user's file overrides them option by option. */
export const PRESETS = { sample, topdesk } satisfies Record<string, Preset>;
