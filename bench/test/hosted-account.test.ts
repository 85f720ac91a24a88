import { describe, expect, it } from "vitest";
import { hasHostedAccount, hostedAccount } from "../src/contenders/hosted-account.ts";
import { contender } from "../src/contenders/hosted-pusher.ts";
import { emptyRow } from "../src/report/figures.ts";

const ACCOUNT = {
  BELLWIRE_PUSHER_APP_ID: "7",
  BELLWIRE_PUSHER_KEY: "key",
  BELLWIRE_PUSHER_SECRET: "secret",
  BELLWIRE_PUSHER_CLUSTER: "eu",
};

describe("an account at hosted Pusher", () => {
  it("is there only when the environment names all of it", () => {
    expect(hasHostedAccount(ACCOUNT)).toBe(true);
    expect(hostedAccount(ACCOUNT)).toEqual({ appId: "7", key: "key", secret: "secret", cluster: "eu" });
    expect(hasHostedAccount({})).toBe(false);
  });

  it.each(Object.keys(ACCOUNT))("is not there without %s, or with an empty one", (name) => {
    expect(hasHostedAccount({ ...ACCOUNT, [name]: undefined })).toBe(false);
    expect(hasHostedAccount({ ...ACCOUNT, [name]: "" })).toBe(false);
    expect(() => hostedAccount({ ...ACCOUNT, [name]: "" })).toThrow(name);
  });

  it("is never called loopback", () => {
    expect(emptyRow({ module: "file:///x.ts", contender }).caveats).toEqual(["hosted, over the internet"]);
  });
});
