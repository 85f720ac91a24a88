/** The account at hosted Pusher that the environment names. */

/** One account. */
export interface HostedAccount {
  readonly appId: string;
  readonly key: string;
  readonly secret: string;
  readonly cluster: string;
}

/** Whether all four variables are set. */
export function hasHostedAccount(env: NodeJS.ProcessEnv = process.env): boolean {
  return NAMES.every((name) => (env[name] ?? "") !== "");
}

/** The account. Throws an Error that names what is missing. */
export function hostedAccount(env: NodeJS.ProcessEnv = process.env): HostedAccount {
  const [appId, key, secret, cluster] = NAMES.map((name) => {
    const value = env[name] ?? "";
    if (value === "") throw new Error(`${name} is not set`);
    return value;
  }) as [string, string, string, string];
  return { appId, key, secret, cluster };
}

const NAMES = [
  "BELLWIRE_PUSHER_APP_ID",
  "BELLWIRE_PUSHER_KEY",
  "BELLWIRE_PUSHER_SECRET",
  "BELLWIRE_PUSHER_CLUSTER",
] as const;
