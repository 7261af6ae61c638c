/**
 * Ids that are made of addresses begin with `mailto:`, and addresses have their domains in ASCII.
 *
 * A registration whose id was its address gets the new form of it. The journal stays as it was written, and so do ids that only
 * look like addresses, which hosts have given, and those of addresses that are refused today. Of two active registrations of an
 * event that would get the same id, as `ada@münchen.de` and `ada@xn--mnchen-3ya.de` would, the earlier one gets it, and the other
 * one keeps its old id: both have been promised a place.
 *
 * The old ids were folded. Of folding, this file knows what it did to addresses that were in lower case already: to `ß`, and to
 * the `ς` at the end of Greek words.
 *
 * Two statements go through the table once each. The first rewrites every registration by address, so it takes time in proportion to
 * their number, and room for a second version of each. The other one, with the functions, is for addresses that are not ASCII.
 */
import type { Migration } from "../Migration.ts"

const ATOM = "[a-z0-9!#$%&*+/=?^_{|}~-]"
const LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
const DOMAIN = `@(${LABEL}\\.)*(?![0-9]+$)${LABEL}$`
/** An address of ASCII that is one today: in lower case, without quote marks around the part before the `@`. */
const ADDRESS = `^(?=[^@]{1,64}@)${ATOM}+((\\.|['\`]+)${ATOM}+)*${DOMAIN}`

/** A text as a literal of SQL. */
const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`

/** An address with the letters that folding changed. */
const folded = (address: string): string => `replace(replace(${address}, 'ß', 'ss'), 'ς', 'σ')`

/** The condition that no other active registration of the event has the id. */
const isFree = (s: string, id: string) => `(r.state = 'cancelled' OR NOT EXISTS (
    SELECT FROM ${s}.registrations o WHERE o.attendee_id = ${id} AND o.event_id = r.event_id AND o.state <> 'cancelled'
  ))`

/** A label of a domain in Punycode (RFC 3492, 6.3). */
const toPunycode = (s: string) => `CREATE FUNCTION ${s}.to_punycode(label text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT AS $$
DECLARE
  points integer[] := ARRAY(SELECT ascii(c) FROM regexp_split_to_table(label, '') WITH ORDINALITY t (c, n) ORDER BY n);
  digits text := 'abcdefghijklmnopqrstuvwxyz0123456789';
  encoded text := regexp_replace(label, '[^\\x01-\\x7f]', '', 'g');
  basic integer := char_length(encoded);
  handled integer := basic;
  n integer := 128;
  delta integer := 0;
  bias integer := 72;
  point integer;
  lowest integer;
  q integer;
  k integer;
  t integer;
BEGIN
  IF basic = cardinality(points) THEN RETURN label; END IF;
  IF basic > 0 THEN encoded := encoded || '-'; END IF;
  WHILE handled < cardinality(points) LOOP
    SELECT min(p) INTO lowest FROM unnest(points) p WHERE p >= n;
    delta := delta + (lowest - n) * (handled + 1);
    n := lowest;
    FOREACH point IN ARRAY points LOOP
      IF point < n THEN delta := delta + 1; END IF;
      CONTINUE WHEN point <> n;
      q := delta;
      k := 36;
      LOOP
        t := least(greatest(k - bias, 1), 26);
        EXIT WHEN q < t;
        encoded := encoded || substr(digits, t + (q - t) % (36 - t) + 1, 1);
        q := (q - t) / (36 - t);
        k := k + 36;
      END LOOP;
      encoded := encoded || substr(digits, q + 1, 1);
      delta := CASE WHEN handled = basic THEN delta / 700 ELSE delta / 2 END;
      delta := delta + delta / (handled + 1);
      k := 0;
      WHILE delta > 455 LOOP
        delta := delta / 35;
        k := k + 36;
      END LOOP;
      bias := k + 36 * delta / (delta + 38);
      delta := 0;
      handled := handled + 1;
    END LOOP;
    delta := delta + 1;
    n := n + 1;
  END LOOP;
  RETURN 'xn--' || encoded;
END $$`

/** An address with its domain in ASCII. */
const withAsciiDomain = (s: string) => `CREATE FUNCTION ${s}.with_ascii_domain(address text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT AS $$
  SELECT split_part(address, '@', 1) || '@' || string_agg(${s}.to_punycode(label), '.' ORDER BY n)
  FROM regexp_split_to_table(split_part(address, '@', 2), '\\.') WITH ORDINALITY t (label, n)
$$`

export const idsOfAddresses: Migration = {
  id: 9,
  name: "ids_of_addresses",
  statements: (s) => [
    `UPDATE ${s}.registrations r SET attendee_id = 'mailto:' || r.email
WHERE r.attendee_id = r.email AND r.email ~ ${literal(ADDRESS)} AND octet_length(r.email) = char_length(r.email)
  AND ${isFree(s, "'mailto:' || r.email")}`,
    toPunycode(s),
    withAsciiDomain(s),
    `WITH found AS (
  SELECT id, event_id, state = 'cancelled' AS cancelled, sequence, ${s}.with_ascii_domain(email) AS address,
    split_part(attendee_id, '@', 1) AS local,
    ${folded("attendee_id")} = ${folded("email")} AND split_part(email, '@', 1) !~ '[''"\`´‘’‚‛“”„‟‹›«»]' AS by_address
  FROM ${s}.registrations
  WHERE octet_length(email) <> char_length(email) AND email LIKE '%@%'
), made AS (
  SELECT id, event_id, cancelled, sequence, address,
    CASE WHEN by_address AND address ~ ${literal(DOMAIN)} THEN 'mailto:' || local || '@' || split_part(address, '@', 2) END AS made
  FROM found
), numbered AS (
  SELECT *, row_number() OVER (PARTITION BY event_id, made, cancelled ORDER BY sequence) AS place FROM made
)
UPDATE ${s}.registrations r SET email = n.address, attendee_id = CASE
  WHEN n.made IS NOT NULL AND (n.cancelled OR n.place = 1) AND ${isFree(s, "n.made")} THEN n.made ELSE r.attendee_id END
FROM numbered n WHERE r.id = n.id`,
    `DROP FUNCTION ${s}.with_ascii_domain(text)`,
    `DROP FUNCTION ${s}.to_punycode(text)`
  ]
}
