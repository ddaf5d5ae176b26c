import { DEFAULTS } from '../defaults.js';
import type { Preset } from './preset.js';

const archived = { column: 'status', is: -1 };
const anonymized = { column: 'geanonimiseerd', is: 1 };

/**
 * TOPdesk 5: operators are `actiedoor`, persons `persoon`. Most of the 176 columns of a person have the name of an
 * operator's column, the cached texts in `ref_*` among them, which the application expects to be filled; a good
 * hundred of them are required and have no default.
 */
export const topdesk: Preset = {
  preset: 'topdesk',
  operators: {
    table: 'actiedoor',
    key: 'unid',
    link: 'persoonid',
    name: ['ref_dynanaam'],
    // Groups of operators are rows of the same table.
    rows: { column: 'groep', is: 0 },
    apiAccount: { column: 'api_account', is: 1 },
    archived,
    anonymized,
    lastLogin: 'laatstelogin',
    licence: 'licentie',
    branch: { column: 'naam', table: 'vestiging', on: { unid: 'vestigingid' } },
  },
  persons: {
    table: 'persoon',
    key: 'unid',
    name: ['ref_dynanaam'],
    ssp: { column: 'ssp_toegang', granted: 1, denied: 0 },
    caller: { column: 'aanmelder', granted: 1, denied: 0 },
    archived,
    anonymized,
    // To the SSP.
    lastLogin: 'laatstelogin',
  },
  card: {
    // On a person this is the login to the SSP, and two cards with one login would lock both out.
    tasloginnaam: { value: '' },
    wachtwoord: { value: '' },
    // The application shows a time and a user of last change: those of the operator, until the card is edited.
    datwijzig: { from: 'datwijzig' },
    uidwijzig: { from: 'uidwijzig' },
    ssp_taal: { from: 'taal' },
    // 0 is no kind of person. The cached text goes with it.
    persoonsoort: { value: 1 },
    ref_persoonsoort: { value: 'Medewerker' },
    // So that people can search for these cards.
    herkomst: { value: 'behandelaarskaart' },
  },
  unmapped: {
    sameName: 'copy',
    required: 'neutral',
    except: [
      // An import of persons would take the card for one of its own, and archive it with the operator.
      'importsleutel',
      'importbron',
      // Of the person this is the last login to the SSP.
      'laatstelogin',
    ],
  },
  volatileColumns: {
    operators: ['datwijzig', 'uidwijzig', 'versie'],
    persons: ['datwijzig', 'uidwijzig', 'versie'],
  },
  // None of these has a foreign key.
  references: [
    { table: 'gebruiker', column: 'persoonid' },
    { table: 'object', column: 'gebruikerid' },
    { table: 'locatie', column: 'beheerderid' },
    { table: 'bijlage', column: 'kaartid' },
    { table: 'mutatielog', column: 'persoonid' },
    { table: 'mutatielog', column: 'loginnaam', holds: 'tasloginnaam' },
  ],
  match: {
    keys: {
      loginName: { operator: 'tasloginnaam', person: 'tasloginnaam' },
      email: { operator: 'email', person: 'email' },
      employeeNumber: { operator: 'personeelsnummer', person: 'personeelsnummer' },
      networkLogin: { operator: 'netwerkloginnaam', person: 'netwerkloginnaam' },
      mainframeLogin: { operator: 'mainframeloginnaam', person: 'mainframeloginnaam' },
    },
    ignoreValues: [...DEFAULTS.match.ignoreValues, 'nvt', 'n.v.t.', 'geen', 'onbekend'],
  },
};
