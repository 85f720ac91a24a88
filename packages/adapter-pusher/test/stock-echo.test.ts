/** Unmodified Laravel Echo on a hub of Bellwire. */
import Echo from "laravel-echo";
import { describe, expect, it, onTestFinished } from "vitest";
import { client, serve, serverLibrary, until, watchUncaught } from "./serving.ts";

watchUncaught();

interface EchoMember {
  readonly name: string;
}

function echo(port: number, user: string): Echo<"pusher"> {
  const pusher = client(port, { member: { user_id: user, user_info: { name: user } } });
  const instance = new Echo({ broadcaster: "pusher", client: pusher, key: "unused" });
  onTestFinished(() => instance.disconnect());
  return instance;
}

describe("Laravel Echo", () => {
  it("receives events of public and private channels, and leaves them", async () => {
    const { hub, port } = await serve();
    const ann = echo(port, "ann");
    const heard: unknown[] = [];
    let ready = 0;
    // The dot keeps Echo from putting the application's namespace before the name.
    ann
      .channel("news.de")
      .subscribed(() => (ready += 1))
      .listen(".done", (data: unknown) => void heard.push(data));
    ann
      .private("orders.1")
      .subscribed(() => (ready += 1))
      .listen(".done", (data: unknown) => void heard.push(data));
    await until(() => ready === 2);
    await hub.publish("private-orders.1", "done", { n: 1 });
    await serverLibrary(port).trigger("news.de", "done", { n: 2 });
    await until(() => heard.length === 2);
    expect(heard).toEqual([{ n: 1 }, { n: 2 }]);
    ann.leave("news.de");
    await hub.publish("news.de", "done", { n: 3 });
    await hub.publish("private-orders.1", "done", { n: 4 });
    await until(() => heard.length === 3);
    expect(heard[2]).toEqual({ n: 4 });
  });

  it("reports members, joins and departures, and whispers", async () => {
    const { port } = await serve({ clientEvents: true });
    const said: string[] = [];
    const names = (members: readonly EchoMember[]): string => members.map(({ name }) => name).join();
    const ann = echo(port, "ann");
    ann
      .join("room.a")
      .here((members: EchoMember[]) => void said.push(`here ${names(members)}`))
      .joining(({ name }: EchoMember) => void said.push(`joining ${name}`))
      .leaving(({ name }: EchoMember) => void said.push(`leaving ${name}`))
      .listenForWhisper("typing", (data: unknown) => void said.push(JSON.stringify(data)));
    await until(() => said.length === 1);
    const bob = echo(port, "bob");
    const room = bob.join("room.a");
    await new Promise<void>((resolve) => room.here(() => resolve()));
    room.whisper("typing", { n: 1 });
    await until(() => said.length === 3);
    bob.leave("room.a");
    await until(() => said.length === 4);
    expect(said).toEqual(["here ann", "joining bob", '{"n":1}', "leaving bob"]);
  });
});
