// What index.html runs.
import { start } from "./start.tsx";

start();
