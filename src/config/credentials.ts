const CREDENTIAL = /passw|pwd|hash|token|secret|salt|credential|wachtwoord|kennwort/i;
const SSP_LOGIN = /ssp.*login|login.*ssp/i;

/** Columns whose name says that they hold a credential are never copied onto a card. */
export const isCredential = (column: string) => CREDENTIAL.test(column);

/** Nor is the login to a portal that the card has no access to. */
export const isSspLogin = (column: string) => SSP_LOGIN.test(column);
