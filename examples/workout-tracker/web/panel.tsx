/** The panel: which wire, how it stands, and what passes it; and the switch to another wire. */
import { useChannelState } from "@bellwire/react";
import { type ReactElement, useState, useSyncExternalStore } from "react";
import { nameOf, settings } from "./settings.ts";
import { useConnection } from "./use-loaded.ts";
import { STATES, wordsFor } from "./words.ts";

/** On a narrow page there is no place beside the view: the panel begins folded. */
const wide = matchMedia("(min-width: 64rem)").matches;

function millisecondsOf(latency: number | undefined): string {
  if (latency === undefined) return "–";
  return `${latency < 10 ? latency.toFixed(1) : Math.round(latency)} ms`;
}

export function Panel(): ReactElement {
  const connection = useConnection();
  const state = useChannelState();
  const { traffic } = connection;
  const view = useSyncExternalStore(traffic.subscribe, traffic.current);
  const [wire, setWire] = useState(connection.wire);
  const [busy, setBusy] = useState<string | undefined>();
  const [wrong, setWrong] = useState("");

  const pick = (next: string): void => {
    setBusy(next);
    setWrong("");
    connection
      .switchTo(next)
      .catch((error: unknown) => setWrong(`${nameOf(next)}: ${wordsFor(error)}`))
      .finally(() => {
        setWire(connection.wire);
        setBusy(undefined);
      });
  };

  return (
    <aside aria-label="Connection">
      <details className="panel" open={wide}>
        <summary className="summary" data-state={state}>
          <span className="dot" aria-hidden="true" />
          <strong data-testid="state">{STATES[state].name}</strong>{" "}
          <span data-testid="wire">{nameOf(wire)}</span>{" "}
          <span data-testid="latency">{millisecondsOf(view.latency)}</span>
        </summary>
        <div className="wires" role="group" aria-label="Wire">
          {Object.keys(settings.wires).map((name) => (
            <button
              key={name}
              type="button"
              aria-pressed={name === wire}
              disabled={busy !== undefined}
              onClick={() => pick(name)}
            >
              {nameOf(name)}
            </button>
          ))}
        </div>
        <p className="wrong" role="alert">
          {wrong}
        </p>
        <dl className="figures">
          <div>
            <dt>received</dt>
            <dd data-testid="received">{view.received}</dd>
          </div>
          <div>
            <dt>topics</dt>
            <dd>{view.topics.size}</dd>
          </div>
          <div>
            <dt>gaps</dt>
            <dd data-testid="gaps">{view.gaps}</dd>
          </div>
        </dl>
        <details open={wide}>
          <summary>Positions</summary>
          <div className="scroll" tabIndex={0} role="region" aria-label="Positions">
            <table>
              <thead>
                <tr>
                  <th scope="col">Topic</th>
                  <th scope="col">Offset</th>
                  <th scope="col">Last</th>
                </tr>
              </thead>
              <tbody>
                {Array.from(view.topics, ([topic, { epoch, offset, last }]) => (
                  <tr key={topic}>
                    <td title={`epoch ${epoch}`}>{topic}</td>
                    <td>{offset}</td>
                    <td>{last}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </details>
        <details open={wide}>
          <summary>As it happens</summary>
          <div className="scroll" tabIndex={0} role="region" aria-label="As it happens">
            <ol className="log">
              {view.lines.map(({ key, at, kind, text }) => (
                <li key={key} data-kind={kind}>
                  <time>{new Date(at).toLocaleTimeString("en", { hour12: false })}</time>{" "}
                  {kind === "notification" ? "" : `${kind}: `}
                  {text}
                </li>
              ))}
            </ol>
          </div>
        </details>
      </details>
    </aside>
  );
}
