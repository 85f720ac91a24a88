/** The package on a server, where there is no page. */
import { defineToaster } from "@bellwire/toaster";
import { Toaster, useToaster } from "@bellwire/toaster/react";
import { createElement, type ReactElement } from "react";
import { renderToString } from "react-dom/server";
import { describe, expect, it } from "vitest";

describe("without a page", () => {
  it("the package can be imported, and defines no element", () => {
    expect(globalThis.HTMLElement).toBeUndefined();
    expect(() => defineToaster()).not.toThrow();
  });

  it("the React component renders an empty element", () => {
    const App = (): ReactElement => {
      useToaster();
      return createElement(Toaster, { desktop: true, limit: 5, className: "bell" });
    };
    expect(renderToString(createElement(App))).toBe(
      '<bellwire-toaster class="bell" desktop="" limit="5"></bellwire-toaster>',
    );
  });
});
