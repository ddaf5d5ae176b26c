/** Of small schemas made by hand: operators are agents, persons contacts. What fills a card, and the keys, come after it. */
export const AGENTS_AND_CONTACTS = `
operators: { table: agent, key: id, link: contact_id, name: [name] }
persons:
  table: contact
  key: id
  name: [name]
  ssp: { column: portal, granted: true, denied: false }
  caller: { column: caller, granted: true, denied: false }
`;
