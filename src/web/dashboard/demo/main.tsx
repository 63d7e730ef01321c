// What demo.html runs: the dashboard, and above it the buttons that break and mend the demo's world. Only `ccs demo`
// serves it.
import { start } from "../start.tsx";
import { demoHttpToken } from "./document.ts";
import { DemoPanel } from "./panel.tsx";

start({ lead: <DemoPanel />, token: demoHttpToken });
