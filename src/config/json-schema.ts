import { z } from 'zod';
import { configurationSchema } from './schema.js';

/** For the first line of a configuration: where editors find the schema, from a project that depends on onecard. */
export const SCHEMA_FILE = './node_modules/onecard/dist/onecard.schema.json';

/** What editors check while somebody writes: a preset and defaults may give every option that is required. */
export function jsonSchema(): object {
  const schema = z.toJSONSchema(configurationSchema, { target: 'draft-7', io: 'input' });
  return { $id: 'onecard.schema.json', title: 'onecard.yaml', ...withoutRequired(schema) };
}

type Schema = z.core.JSONSchema.JSONSchema;

/** Of the groups of options; what is required within a value or a condition stays. */
function withoutRequired({ required: _, properties, ...schema }: Schema): Schema {
  const groups = Object.entries(properties ?? {}).map(([name, group]) => {
    if (typeof group === 'boolean' || group.type !== 'object') return [name, group];
    const { required: __, ...rest } = group;
    return [name, rest];
  });
  return { ...schema, properties: Object.fromEntries(groups) };
}
