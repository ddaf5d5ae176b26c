import { describe, expect, it } from 'vitest';
import { meaningsOf, wordsOf } from '../../../src/init/names.js';

describe('words of an identifier', () => {
  it.each([
    ['first_name', ['first', 'name']],
    ['klantEmailAdres', ['klant', 'email', 'adres']],
    ['SAMAccountName', ['sam', 'account', 'name']],
    ['last"Name`', ['last', 'name']],
    ['Prénom', ['prenom']],
    ['Größe', ['grosse']],
    ['address2', ['address', '2']],
    ['имя', ['имя']],
    ['$', []],
  ])('%s', (name, words) => expect(wordsOf(name)).toEqual(words));
});

describe('the meaning of a column', () => {
  it.each([
    ['email', 'customer', 'email'],
    ['work_email', 'customer', 'email'],
    ['contact_mail_address', 'contact', 'email'],
    ['courriel', 'usager', 'email'],
    ['login_name', 'operator', 'login'],
    ['network_login_name', 'operator', 'networkLogin'],
    ['sAMAccountName', 'agent', 'networkLogin'],
    ['mainframe_login', 'agent', 'mainframeLogin'],
    ['personeelsnummer', 'medewerker', 'employeeNumber'],
    ['matricule', 'agent', 'employeeNumber'],
    ['Vorname', 'Kunde', 'firstName'],
    ['agent_surname', 'agent', 'lastName'],
    ['nom_complet', 'personne', 'fullName'],
    ['gearchiveerd', 'persoon', 'archived'],
    ['is_active', 'users', 'active'],
    ['letzteAnmeldung', 'Benutzer', 'lastLogin'],
    ['updated_at', 'users', 'changedAt'],
    ['selectable_as_caller', 'person', 'caller'],
    ['portal_access', 'contact', 'ssp'],
    ['is_service_account', 'users', 'apiAccount'],
  ])('%s of %s is %s', (column, table, concept) => {
    expect(meaningsOf(column, table)[0]?.concept).toBe(concept);
  });

  it('is turned around by a negation', () => {
    expect(meaningsOf('not_selectable', 'person')[0]).toMatchObject({ concept: 'caller', isNegated: true });
    expect(meaningsOf('selectable', 'person')[0]).toMatchObject({ concept: 'caller', isNegated: false });
  });

  it.each(['disabled_at', 'blocked_at', 'deactivated_at', 'left_on', 'end_date', 'is_disabled'])(
    'is not turned around where the negation is what %s says',
    (column) => {
      expect(meaningsOf(column, 'agent')[0]).toMatchObject({ concept: 'archived', isNegated: false });
    },
  );

  it.each(['floor', 'site_id', 'signature', 'notes', 'x17'])('is unknown of %s', (column) => {
    expect(meaningsOf(column, 'person').filter(({ strength }) => strength >= 0.7)).toEqual([]);
  });
});
