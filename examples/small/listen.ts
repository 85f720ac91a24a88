/** A server on a free port of this machine, for the programs beside this file. */
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";

/** Resolves to the port. */
export function listen(server: Server, port = 0): Promise<number> {
  return new Promise((resolve) => {
    server.listen(port, () => resolve((server.address() as AddressInfo).port));
  });
}
