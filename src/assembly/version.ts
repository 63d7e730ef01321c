// The version of this build, from package.json.
import metadata from "../../package.json" with { type: "json" };

export const { version } = metadata;
