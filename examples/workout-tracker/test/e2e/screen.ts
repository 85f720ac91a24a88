/** The interface to a browser that playwright cannot drive: a page, seen and used by XPath. */
import { expect } from "vitest";
import { PASSWORD } from "../people.ts";
import { PATIENCE } from "./browser.ts";

/**
 * One page in one browser, with cookies of its own. An element that is not there yet is waited for,
 * for {@link PATIENCE}.
 */
export interface Screen {
  /** The value of a function's body in the page; it must be JSON. */
  evaluate(body: string): Promise<unknown>;
  click(xpath: string): Promise<void>;
  /** Types, key by key, into an input, whose content is replaced. */
  type(xpath: string, text: string): Promise<void>;
  /** Errors that the page has thrown or written to the console. */
  complaints(): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** Opens the address. */
export type OpenScreen = (url: string) => Promise<Screen>;

const button = (name: string): string => `//button[normalize-space()="${name}"]`;
const field = (label: string): string => `//label[normalize-space(text())="${label}"]//input`;

/** Somebody in front of a {@link Screen}. */
export class Person {
  readonly #screen: Screen;

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  /** Takes a wire, signs in over it, and waits until the channel is connected. */
  async signIn(name: string, wire: string): Promise<this> {
    await this.#screen.evaluate(`localStorage.setItem("tracker:wire", "${wire}")`);
    await this.fill("Name", name);
    await this.fill("Password", PASSWORD);
    await this.press("Sign in");
    await this.connected();
    return this;
  }

  async press(name: string): Promise<void> {
    await this.#screen.click(button(name));
  }

  async fill(label: string, text: string): Promise<void> {
    await this.#screen.type(field(label), text);
  }

  async goTo(view: string): Promise<void> {
    await this.#screen.click(`//nav//a[.="${view}"]`);
  }

  async connected(): Promise<void> {
    await this.#until(() => this.panel("state"), "Connected");
  }

  /** The text of the panel under one of its names. */
  async panel(name: string): Promise<string> {
    return String(
      await this.#screen.evaluate(
        `return document.querySelector("[data-testid=${name}]")?.textContent ?? ""`,
      ),
    );
  }

  /** Waits until the page shows a text, somewhere outside of the toaster. */
  async sees(text: string): Promise<void> {
    await this.#until(
      () => this.#count(`//*[text()[contains(., "${text}")]]`),
      expect.toSatisfy((count) => Number(count) > 0),
    );
  }

  /** Waits until so many elements of the main part have exactly this text. */
  async seesTimes(text: string, times: number): Promise<void> {
    await this.#until(() => this.#count(`//main//*[not(*)][normalize-space()="${text}"]`), times);
  }

  /** Waits until a toast on the screen has the text. */
  async seesToast(text: string): Promise<void> {
    const body = `return Array.from(
      document.querySelector("bellwire-toaster").shadowRoot.querySelectorAll("[part~=toast]"), (toast) => toast.textContent)`;
    await this.#until(
      () => this.#screen.evaluate(body),
      expect.arrayContaining([expect.stringContaining(text)]),
    );
  }

  /** How many notices with the text the toaster's centre holds. */
  async notices(text: string): Promise<number> {
    const body = `return document.querySelector("bellwire-toaster").notices
      .filter(({ title, body }) => (title + " " + body).includes("${text}")).length`;
    return Number(await this.#screen.evaluate(body));
  }

  /** Fails when the page has thrown something or written an error to the console. */
  async fine(): Promise<void> {
    expect(await this.#screen.complaints()).toEqual([]);
  }

  async #count(xpath: string): Promise<number> {
    return Number(
      await this.#screen.evaluate(`return document.evaluate('count(${xpath})', document).numberValue`),
    );
  }

  async #until(read: () => Promise<unknown>, expected: unknown): Promise<void> {
    await expect.poll(read, { timeout: PATIENCE }).toEqual(expected);
  }
}
