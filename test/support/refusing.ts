import type { TestDatabase } from './databases.js';

/** The server refuses persons called Nobody, as no rule of the table says: a run finds out when it writes them. */
export async function refuseNobody({ kind, query }: TestDatabase): Promise<void> {
  if (kind === 'postgres') {
    await query(`
      CREATE FUNCTION refuse_nobody() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN IF NEW.last_name = 'Nobody' THEN RAISE EXCEPTION 'no_such_card'; END IF; RETURN NEW; END $$;
      CREATE TRIGGER refuse_nobody BEFORE INSERT ON person FOR EACH ROW EXECUTE FUNCTION refuse_nobody()`);
  } else {
    await query(`
      CREATE TRIGGER refuse_nobody BEFORE INSERT ON person FOR EACH ROW
      BEGIN
        IF NEW.last_name = 'Nobody' THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no_such_card'; END IF;
      END`);
  }
}

export async function refuseNobodyNoMore({ kind, query }: TestDatabase): Promise<void> {
  await query(kind === 'postgres' ? 'DROP TRIGGER refuse_nobody ON person' : 'DROP TRIGGER refuse_nobody');
}
