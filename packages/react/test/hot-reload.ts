/**
 * React's interface for hot reload, as bundlers' plugins use it: edited components replace those on
 * the page, which keep their state. React looks for the hook when it is loaded, so this file is
 * imported before React DOM.
 */
interface Family {
  current: unknown;
}
interface Renderer {
  readonly setRefreshHandler?: (handler: (type: unknown) => Family | undefined) => void;
  readonly scheduleRefresh?: (
    root: unknown,
    update: { readonly staleFamilies: Set<Family>; readonly updatedFamilies: Set<Family> },
  ) => void;
}

const renderers: Renderer[] = [];
const roots = new Set<unknown>();

Object.assign(globalThis, {
  __REACT_DEVTOOLS_GLOBAL_HOOK__: {
    supportsFiber: true,
    isDisabled: false,
    inject: (renderer: Renderer) => renderers.push(renderer),
    onCommitFiberRoot: (_: number, root: unknown) => void roots.add(root),
    onCommitFiberUnmount: () => {},
    onPostCommitFiberRoot: () => {},
    onScheduleFiberRoot: () => {},
    checkDCE: () => {},
  },
});

/** Puts edited components in the place of others. */
export function refresh(edits: readonly (readonly [before: unknown, after: unknown])[]): void {
  const families = new Map<unknown, Family>();
  for (const [before, after] of edits) {
    const family: Family = { current: after };
    families.set(before, family);
    families.set(after, family);
  }
  const update = { staleFamilies: new Set<Family>(), updatedFamilies: new Set(families.values()) };
  for (const renderer of renderers) {
    if (!renderer.setRefreshHandler || !renderer.scheduleRefresh)
      throw new Error("this React cannot hot reload");
    renderer.setRefreshHandler((type) => families.get(type));
    for (const root of roots) renderer.scheduleRefresh(root, update);
  }
}
