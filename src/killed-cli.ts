import { openDatabase } from './database/open.js';
import { main } from './main.js';
import { killedInsideABatch } from './rehearse/killed-inside-a-batch.js';

/** The command line for a rehearsal, in which a run dies inside a batch, as from `kill -9`. */
await main({ openDatabase: async (...args) => killedInsideABatch(await openDatabase(...args), process.env) });
