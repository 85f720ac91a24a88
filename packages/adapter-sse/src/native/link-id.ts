/** The id of a link: that of its hub, a hyphen, and a secret. */

/** A fresh id. `hub`: 12 digits and letters; undefined where a hub has no others beside it. */
export function linkId(hub: string | undefined): string {
  const secret = crypto.randomUUID();
  return hub === undefined ? secret : `${hub}-${secret}`;
}

/** The hub that holds the link, by its id; undefined when the id names none. */
export function hubOf(link: string): string | undefined {
  return /^([0-9a-v]{12})-[0-9a-f-]{36}$/.exec(link)?.[1];
}
