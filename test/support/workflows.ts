import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { z } from 'zod';

/** A job of a workflow as the README gives it. */
export interface WorkflowJob {
  /** `.github/workflows/rehearse.yml postgres` */
  readonly name: string;
  /** Of its service database: `postgres:15` */
  readonly image: string;
  /** With the address of that database. */
  readonly env: Readonly<Record<string, string>>;
  /** What it runs in bash, one after the other, up to the first that fails. */
  readonly commands: readonly string[];
}

const variables = z.record(z.string(), z.coerce.string());
const githubWorkflow = z.object({
  jobs: z.record(
    z.string(),
    z.object({
      services: z.object({ database: z.object({ image: z.string() }) }),
      env: variables,
      steps: z.array(z.object({ run: z.string().optional() })),
    }),
  ),
});
const gitlabJob = z.object({
  services: z.array(z.object({ name: z.string() })).min(1),
  variables,
  script: z.array(z.string()),
});

/** Every job of the workflow files in the README: fenced blocks that begin with the path of the file. */
export async function workflowJobs(): Promise<WorkflowJob[]> {
  return [...(await readReadme()).matchAll(/^```yaml\n# (\.git\S+\.yml)\n(.*?)^```$/gms)].flatMap(
    ([, path = '', text = '']) =>
      jobsOf(path, parse(text)).map((job) => ({ ...job, name: `${path} ${job.name}` })),
  );
}

/** What the README says makes the first baseline. */
export async function baselineCommand(): Promise<string> {
  const command = /^npx onecard rehearse \S+ --write-baseline \S+$/m.exec(await readReadme())?.[0];
  if (command === undefined) throw new Error('The README has no command for a first baseline.');
  return command;
}

const readReadme = () => readFile(new URL('../../README.md', import.meta.url), 'utf8');

function jobsOf(path: string, workflow: unknown): WorkflowJob[] {
  return path.startsWith('.github/') ? githubJobs(workflow) : gitlabJobs(workflow);
}

function githubJobs(workflow: unknown): WorkflowJob[] {
  return Object.entries(githubWorkflow.parse(workflow).jobs).map(([name, { services, env, steps }]) => ({
    name,
    image: services.database.image,
    env,
    commands: steps.flatMap(({ run }) => run ?? []),
  }));
}

/** A name that begins with a point is a part that jobs extend. */
function gitlabJobs(workflow: unknown): WorkflowJob[] {
  const parts = z.record(z.string(), z.looseObject({ extends: z.string().optional() })).parse(workflow);
  return Object.entries(parts)
    .filter(([name]) => !name.startsWith('.'))
    .map(([name, job]) => {
      const { services, variables, script } = gitlabJob.parse({ ...parts[job.extends ?? ''], ...job });
      return { name, image: services[0]?.name ?? '', env: variables, commands: script };
    });
}
