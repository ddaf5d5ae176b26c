import type { Session } from '../database/session.js';
import type { Redactor } from '../redactor.js';
import type { ReportSource, SourceLine } from './source.js';

/** What is left of a line once its personal data are pseudonyms: nothing that a digest could be guessed back from. */
type Line = Readonly<Record<string, unknown>>;

/** A report with pseudonyms in place of personal data: a file of its own, with a chain of its own. */
export class RedactedSource implements ReportSource {
  readonly folder: string;
  readonly #source: ReportSource;
  readonly #redactor: Redactor;

  constructor(source: ReportSource, redactor: Redactor) {
    this.folder = source.folder;
    this.#source = source;
    this.#redactor = redactor;
  }

  async head(session: Session): Promise<object> {
    const { configuration, actor, ...rest } = { ...(await this.#source.head(session)) } as Line;
    return {
      ...rest,
      redacted: true,
      // In effect it may name people: whoever is excluded, say.
      configuration: { digest: Object(configuration).digest },
      actor: this.#redactor.pseudonym('human', String(actor)),
    };
  }

  async page(session: Session, after: number, upTo: number): Promise<readonly SourceLine[]> {
    const page = await this.#source.page(session, after, upTo);
    return page.map(({ position, value }) => ({ position, value: this.#redacted({ ...value }) }));
  }

  end(session: Session): Promise<object> {
    return this.#source.end(session);
  }

  #redacted(value: Line): object {
    const { salt: _salt, ...line } = value;
    return Object.fromEntries(
      Object.entries(line).map(([name, content]) => [name, this.#field(name, content)]),
    );
  }

  #field(name: string, content: unknown): unknown {
    switch (name) {
      case 'operator':
        return this.#text('operator', content);
      case 'person':
        return this.#text('person', content);
      case 'candidates':
        return listOf(content).map((person) => this.#text('person', person));
      case 'evidence':
        return listOf(content).map((each) => this.#mapped(each, EVIDENCE));
      case 'change':
        return content === null ? null : this.#change(content);
      case 'drift':
        return this.#drift(content);
      case 'why':
        return this.#text('text', content);
      default:
        return content;
    }
  }

  #change(content: unknown): object {
    const { card: _card, ...change } = Object(content);
    return {
      ...this.#mapped(change, { person: 'person', why: 'text' }),
      ...('fields' in change && { fields: listOf(change.fields).map((field) => this.#mapped(field, FIELD)) }),
    };
  }

  #drift(content: unknown): object {
    const { fields, ...drift } = Object(content);
    return { ...drift, fields: listOf(fields).map((field) => this.#driftedField(Object(field))) };
  }

  #driftedField(field: Line): Line {
    const name = String(field['field']);
    if (WORDS.includes(name)) return field;
    const kind = name === 'person' ? 'person' : 'value';
    return this.#mapped(field, { planned: kind, found: kind });
  }

  #mapped(content: unknown, kinds: Readonly<Record<string, Kind>>): Line {
    return Object.fromEntries(
      Object.entries(Object(content)).map(([name, text]) => {
        const kind = kinds[name];
        return [name, kind !== undefined && typeof text === 'string' ? this.#text(kind, text) : text];
      }),
    );
  }

  #text(kind: Kind, content: unknown): unknown {
    return typeof content === 'string' ? this.#redactor.pseudonym(kind, content) : content;
  }
}

type Kind = Parameters<Redactor['pseudonym']>[0];

const EVIDENCE = {
  value: 'value',
  operator: 'value',
  person: 'value',
  who: 'human',
  note: 'text',
} as const satisfies Record<string, Kind>;

const FIELD = { planned: 'value', found: 'value' } as const satisfies Record<string, Kind>;

/** What of a drifted operator is no value of anybody. */
const WORDS: readonly string[] = ['decision', 'action', 'reason'];

const listOf = (content: unknown): readonly unknown[] => (Array.isArray(content) ? content : []);
