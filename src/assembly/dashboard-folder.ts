// Where the built dashboard is: beside the program when that was built too, else in dist/ of the checkout.
import { basename, join } from "node:path";

const isBuilt = basename(import.meta.dirname) !== "assembly";

export const dashboardFolder = join(import.meta.dirname, isBuilt ? "dashboard" : "../../dist/dashboard");
