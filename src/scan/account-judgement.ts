/** What is known of an operator that may be an integration's account; undefined where no column says it. */
export interface Account {
  /** By the name of the key: login name, network login, … */
  readonly logins: readonly Labelled[];
  readonly mails: readonly Labelled[];
  /** Given names or initials. */
  readonly firstName: string | undefined;
  /** The rest of the name; all of it where no column holds first names. */
  readonly familyName: string;
  readonly hasEmployeeNumber: boolean | undefined;
  readonly hasLoggedIn: boolean | undefined;
}

export interface Labelled {
  readonly label: string;
  readonly value: string;
}

/** Family names, too: Jan Bot is a human. */
const ALSO_FAMILY_NAMES = ['bot', 'batch', 'cron', 'etl'];
/** Departments as well, with mailboxes that humans share. */
const ALSO_TEAMS = ['service', 'system', 'import', 'export', 'monitor', 'monitoring', 'integration'];

/** Words that integrations are named with, in lower case. */
export const TECHNICAL_WORDS: readonly string[] = [
  ...ALSO_FAMILY_NAMES,
  ...ALSO_TEAMS,
  ...['api', 'svc', 'interface', 'sync', 'robot', 'scheduler', 'webhook', 'connector', 'noreply', 'daemon'],
];

/** Where a first name would be, these say that there is none. */
const NO_FIRST_NAMES = new Set([
  ...TECHNICAL_WORDS,
  'account',
  'app',
  'application',
  'backup',
  'technical',
  'user',
]);

/**
 * Why an operator is likely an integration's account, in plain words; empty where it is likely a human.
 *
 * A technical word in a login name, in a mail's local part, or in the name of a card without a human first name
 * is a strong sign. No employee number, no first name, and no login ever are weak ones: many a human has them.
 * It takes two strong signs, or a strong and a weak one.
 */
export function judgeAccount(account: Account): string[] {
  const strong = strongSigns(account);
  const weak = weakSigns(account);
  const isLikely = strong.length >= 2 || (strong.length === 1 && weak.length > 0);
  return isLikely ? [...strong, ...weak] : [];
}

function strongSigns(account: Account): string[] {
  const name = nameOf(account);
  const counts = (word: string) => TECHNICAL_WORDS.includes(word) && !explains(name, word);
  const sign = (label: string, shown: string, word: string | undefined) =>
    word === undefined ? [] : [`${label} "${shown}" holds the word "${word}"`];
  return [
    ...account.logins.flatMap(({ label, value }) =>
      sign(label, value, wordsOf(loginPart(value)).find(counts)),
    ),
    ...account.mails.flatMap(({ label, value }) => {
      const ofTeam = (word: string) => name.isHuman && ALSO_TEAMS.includes(word);
      return sign(
        label,
        value,
        wordsOf(localPart(value)).find((word) => counts(word) && !ofTeam(word)),
      );
    }),
    ...(name.isHuman ? [] : sign('the name', name.shown, name.words.find(counts))),
  ];
}

function weakSigns({ firstName, hasEmployeeNumber, hasLoggedIn }: Account): string[] {
  return [
    ...(firstName !== undefined && wordsOf(firstName).length === 0 ? ['no first name'] : []),
    ...(hasEmployeeNumber === false ? ['no employee number'] : []),
    ...(hasLoggedIn === false ? ['never logged in'] : []),
  ];
}

interface Name {
  readonly shown: string;
  readonly words: readonly string[];
  readonly family: readonly string[];
  /** It begins with a first name that is none of the words of integrations. */
  readonly isHuman: boolean;
}

function nameOf({ firstName, familyName }: Account): Name {
  const [first, family] =
    firstName === undefined ? splitName(familyName) : [wordsOf(firstName), wordsOf(familyName)];
  return {
    shown: [firstName?.trim(), familyName.trim()].filter(Boolean).join(' '),
    words: [...first, ...family],
    family,
    isHuman: first.length > 0 && !first.some((word) => NO_FIRST_NAMES.has(word)),
  };
}

/** "Jan Bot" and "Bot, Jan"; a single word is no first name. */
function splitName(name: string): [first: string[], family: string[]] {
  const [before = '', after] = name.split(',', 2);
  if (after !== undefined) return [wordsOf(after), wordsOf(before)];
  const words = wordsOf(name);
  return words.length < 2 ? [[], words] : [words.slice(0, 1), words.slice(1)];
}

/** The human bears the word as a family name: jan.bot of Jan Bot, or j.bot of somebody listed as Bot. */
function explains({ isHuman, family, words }: Name, word: string): boolean {
  return isHuman
    ? family.includes(word)
    : words.length === 1 && words[0] === word && ALSO_FAMILY_NAMES.includes(word);
}

/** Without the domain in front of a network login, or behind a user principal name. */
function loginPart(login: string): string {
  return localPart(login.slice(login.lastIndexOf('\\') + 1));
}

function localPart(mail: string): string {
  return mail.split('@', 1)[0] ?? '';
}

/** Whole words in lower case, parted by anything that is no letter: "Importa" holds no "import". */
function wordsOf(text: string): string[] {
  return text
    .toLowerCase()
    .replace(/(?<!\p{L})(?:do[-_. ]?not|no)[-_. ]?reply(?!\p{L})/gu, ' noreply ')
    .split(/\P{L}+/u)
    .filter((word) => word !== '');
}
