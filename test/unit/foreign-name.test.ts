import { describe, expect, it } from 'vitest';
import { foreignName } from '../../src/database/mysql/foreign-name.js';
import { masked, PLAIN, readingOf } from '../../src/database/mysql/masked.js';

const DATABASES = new Set(['shop', 'dä`y', 'new']);
const found = (statement: string, reading = PLAIN) =>
  foreignName(statement, masked(statement, reading), DATABASES)?.name;

describe('a statement that names another database', () => {
  it.each([
    'DELETE FROM shop.customer',
    'DELETE FROM `shop` . `customer`',
    'DELETE FROM SHOP /* of */ . customer',
    'SELECT a.id FROM a, shop.customer',
    'SELECT shop.discount(a.id) FROM a',
    'SELECT shop.customer.id FROM a',
    '/*!50001 CREATE VIEW v AS SELECT 1 FROM shop.customer */',
    // A table or an alias of that name does not hide it.
    'CREATE PROCEDURE p() INSERT INTO a SELECT * FROM shop, shop.customer',
    'CREATE PROCEDURE p() INSERT INTO a SELECT shop.id FROM a JOIN shop ON shop.x = a.x, shop.customer',
    'CREATE PROCEDURE p() INSERT INTO a SELECT shop.id FROM shop, (SELECT 1, 2) b, shop.customer',
    'CREATE PROCEDURE p() INSERT INTO a SELECT shop.id FROM (shop, shop.customer)',
    'CREATE PROCEDURE p() UPDATE shop, shop.customer SET x = 1',
    'CREATE PROCEDURE p() INSERT shop.customer SELECT * FROM shop',
    'CREATE PROCEDURE p() INSERT INTO a SELECT 1 FROM shop WHERE EXISTS (SELECT 1 FROM shop.customer)',
    'CREATE PROCEDURE p() SELECT shop.discount(1) FROM shop',
    // Nothing is created that could have an alias.
    'UPDATE shop SET shop.id = 2',
    "PREPARE p FROM 'DELETE FROM shop.customer'",
    "EXECUTE IMMEDIATE 'DELETE FROM shop.customer'",
    "SELECT 'it\\'s' FROM shop.customer -- it's",
  ])('is seen: %s', (statement) => {
    expect(found(statement)?.toLowerCase()).toBe('shop');
  });

  it.each([
    'DELETE FROM customer',
    "INSERT INTO a VALUES ('FROM shop.customer')",
    'SELECT "FROM shop.customer"',
    'SELECT 1 -- shop.customer\n',
    'SELECT 1 # shop.customer\n',
    'SELECT 1 /* shop.customer */',
    "SELECT 'it\\'s shop.customer'",
    'CREATE VIEW v AS SELECT shop.id FROM customer AS shop',
    'CREATE VIEW v AS SELECT `shop`.`id` FROM `shop`',
    'SELECT a.shop.id FROM a.shop',
    'SET @shop.customer = 1',
    'SET a = NEW.id',
    'CREATE VIEW v AS SELECT shop.* FROM shop',
    'CREATE VIEW v AS SELECT 1, shop.id FROM shop WHERE f(1, shop.id) ORDER BY 1, shop.id',
    'CREATE PROCEDURE p() UPDATE shop SET a = (SELECT 1 FROM b), shop.id = 2',
  ])('is not taken for one: %s', (statement) => {
    expect(found(statement)).toBeUndefined();
  });

  it('is read with the quotes and backslashes of its mode', () => {
    expect(found('DELETE FROM "shop"."customer"', readingOf('ANSI_QUOTES'))).toBe('shop');
    expect(found('DELETE FROM "shop".customer', readingOf('STRICT_ALL_TABLES,ANSI'))).toBe('shop');
    const backslash = "SELECT '\\' FROM shop.customer -- '";
    expect(found(backslash, readingOf('NO_BACKSLASH_ESCAPES'))).toBe('shop');
    expect(found(backslash)).toBeUndefined();
  });

  it('is seen whatever letters its name has, as text or as bytes', () => {
    expect(found('SELECT 1 FROM `dä``y`.t')).toBe('dä`y');
    expect(foreignName('SELECT 1 FROM dä€.t', 'SELECT 1 FROM dä€.t', new Set(['dä€']))?.name).toBe('dä€');
    const bytes = Buffer.from('dä€').toString('latin1');
    expect(foreignName('', `SELECT 1 FROM ${bytes}.t`, new Set([bytes.toLowerCase()]))?.name).toBe(bytes);
  });

  it('is named with its place', () => {
    const statement = "SELECT 'shop.x',\n  1\n  FROM shop.customer";
    expect(foreignName(statement, masked(statement, PLAIN), DATABASES)).toEqual({
      name: 'shop',
      at: statement.indexOf('shop.c'),
    });
  });
});
