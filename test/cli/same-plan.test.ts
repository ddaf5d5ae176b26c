import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { anySchemas } from '../support/any-schema.js';
import { onecard } from '../support/cli.js';
import { mariadb, postgres, type Template } from '../support/databases.js';
import { readPlanFile } from '../support/plan-file.js';
import { sample } from '../support/sample.js';
import type { Kind, Server } from '../support/servers/server.js';
import { topdeskTemplate } from '../support/topdesk.js';

/** Databases that compare, order and lower-case texts each in their own way. */
const ways: readonly {
  readonly way: string;
  readonly server: Server | undefined;
  readonly options: string;
}[] = [
  { way: 'PostgreSQL, C', server: postgres, options: "LOCALE 'C' TEMPLATE template0" },
  // In Turkish the small letter of I is ı.
  {
    way: 'PostgreSQL, ICU, Turkish',
    server: postgres,
    options: "LOCALE_PROVIDER icu ICU_LOCALE 'tr-TR' LOCALE 'C.UTF-8' TEMPLATE template0",
  },
  {
    way: 'PostgreSQL, ICU, any language',
    server: postgres,
    options: "LOCALE_PROVIDER icu ICU_LOCALE 'und' LOCALE 'C.UTF-8' TEMPLATE template0",
  },
  ...[
    'utf8mb4_general_ci',
    'utf8mb4_bin',
    'utf8mb4_nopad_bin',
    'utf8mb4_uca1400_ai_ci',
    'utf8mb4_turkish_ci',
  ].map((collation) => ({
    way: `MariaDB, ${collation}`,
    server: mariadb,
    options: `CHARACTER SET utf8mb4 COLLATE ${collation}`,
  })),
];

const fixtures: readonly {
  readonly name: string;
  readonly template: Template;
  configuration(kind: Kind): string;
}[] = [
  { name: 'sample', template: sample, configuration: () => 'preset: sample' },
  { name: 'topdesk', template: topdeskTemplate, configuration: () => 'preset: topdesk' },
  ...anySchemas,
];

describe.runIf(postgres && mariadb)('the plan of one and the same data', () => {
  it.each(fixtures)(
    'is the same everywhere: $name',
    async ({ template, configuration }) => {
      const folder = await mkdtemp(join(inject('sharedFolder'), 'same-plan-'));
      onTestFinished(() => rm(folder, { recursive: true, force: true }));
      const plans: { way: string; texts: readonly string[] }[] = [];
      for (const { way, server = expect.fail(), options } of ways) {
        const name = `same_plan_${process.pid}_${Date.now()}`;
        const url = await server.createDatabase(name, options);
        onTestFinished(() => server.dropDatabase(name));
        // The collation is to be that of the database.
        const query = (sql: string) => server.query(sql.replaceAll(' DEFAULT CHARSET=utf8mb4', ''), name);
        await template.fill(query, server.kind);

        await writeFile(join(folder, 'onecard.yaml'), configuration(server.kind));
        const args = ['migrate', '--dry-run', '--quiet', '--plan-out', `${name}.ndjson`];
        const result = await onecard(args, { folder, env: { DATABASE_URL: url } });
        expect(result.code, `${way}: ${result.stderr}`).toBe(0);
        plans.push({ way, texts: (await readPlanFile(join(folder, `${name}.ndjson`))).texts });
      }
      const [first, ...others] = plans;
      for (const { way, texts } of others) expect(texts, way).toEqual(first?.texts);
    },
    300_000,
  );
});
