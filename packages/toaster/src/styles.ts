/**
 * The style sheet. Colours and sizes are custom properties with defaults; everything else can be
 * styled by `::part`. The defaults are the system's colours, which follow the page's `color-scheme`
 * and a forced palette; tones keep 3 : 1 on white and on black.
 */
export const STYLES = `
:host{display:inline-block;position:relative;font:var(--bellwire-font,14px/1.4 system-ui,sans-serif);
--s:var(--bellwire-surface,Canvas);--t:var(--bellwire-text,CanvasText);--a:var(--bellwire-accent,LinkText);
--m:var(--bellwire-muted,color-mix(in srgb,var(--t) 72%,var(--s)));--b:var(--bellwire-border,color-mix(in srgb,var(--t) 55%,var(--s)));
--r:var(--bellwire-radius,8px)}
*{box-sizing:border-box;margin:0;padding:0}
.said{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
button{font:inherit;color:inherit;background:none;border:1px solid #0000;border-radius:var(--r);min-width:28px;min-height:28px;padding:2px 8px}
button:hover{background:color-mix(in srgb,currentColor 9%,#0000)}
:focus-visible{outline:2px solid var(--a);outline-offset:1px}
.bell{position:relative;width:40px;height:40px;padding:0}
.icon{display:block;width:20px;height:20px;margin:auto;background:currentColor;forced-color-adjust:none;
clip-path:path("M10 1a6 6 0 0 0-6 6v4l-2 3v1h16v-1l-2-3V7a6 6 0 0 0-6-6zM7 17a3 3 0 0 0 6 0z")}
.badge{position:absolute;top:0;right:0;min-width:18px;padding:0 4px;border-radius:9px;background:var(--bellwire-badge,#c01c28);
color:var(--bellwire-on-badge,#fff);font:700 11px/18px system-ui}
.panel,.toast{background:var(--s);color:var(--t);border:1px solid var(--b);border-radius:var(--r);box-shadow:var(--bellwire-shadow,0 6px 24px #0004)}
.panel,.stack{position:absolute;z-index:var(--bellwire-layer,999);width:min(var(--bellwire-width,360px),100vw - 32px)}
.panel{top:46px;inset-inline-end:0;max-height:70vh;overflow:auto;padding:8px}
header{display:flex;justify-content:space-between;padding:0 8px 6px}
h2{font:inherit}
ul,ol{list-style:none}
.plain{border-color:var(--b);color:var(--a)}
p{padding:16px}
li{position:relative;display:flex;flex-wrap:wrap;gap:4px 8px;align-items:start;overflow-wrap:anywhere}
.row{padding:4px 0;border-top:1px solid color-mix(in srgb,currentColor 16%,#0000)}
li .plain{margin-inline-start:16px}
.main{flex:1 0 calc(100% - 40px);display:grid;text-align:start;padding-inline:16px 8px}
.unread .main::before{content:"";position:absolute;inset-inline-start:3px;top:16px;border:4px solid var(--a);border-radius:4px}
.read strong{font-weight:400}
.body,time,p{color:var(--m)}
.stack{position:fixed;inset:var(--bellwire-inset,auto 16px 16px auto)}
ol{display:grid;gap:8px}
.toast{padding:8px 8px 8px 0;border-inline-start:5px solid var(--bellwire-info,#3b82f6)}
.success{border-inline-start-color:var(--bellwire-success,#2b9a66)}.warning{border-inline-start-color:var(--bellwire-warning,#b7791f)}.error{border-inline-start-color:var(--bellwire-error,#e5484d)}
@media(prefers-reduced-motion:no-preference){.toast{animation:in .18s}@keyframes in{0%{opacity:0;transform:translateY(8px)}}}
`;
