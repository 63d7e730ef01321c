// Reads and writes the headings of CHANGELOG.md: "## Unreleased" over what is to come, "## 0.2.0 – 2026-12-01" over each version.

const unreleased = "## Unreleased";

interface Section {
  readonly heading: string;
  readonly content: string;
}

function sectionsOf(changelog: string): readonly Section[] {
  return changelog
    .split(/^(?=## )/m)
    .slice(1)
    .map((section) => {
      const [heading = "", ...lines] = section.split("\n");
      return { heading, content: lines.join("\n").trim() };
    });
}

/** What the next version brings; empty where nothing is written down. */
export function unreleasedIn(changelog: string): string {
  return sectionsOf(changelog).find(({ heading }) => heading === unreleased)?.content ?? "";
}

/** The changelog with what was unreleased as this version. `date` is like 2026-12-01. */
export function asReleased(changelog: string, version: string, date: string): string {
  return changelog.replace(new RegExp(`^${unreleased}$`, "m"), `## ${version} – ${date}`);
}

/** What a version brings; `undefined` where the changelog has no heading for it. */
export function notesOf(changelog: string, version: string): string | undefined {
  return sectionOf(changelog, version)?.content;
}

/** The day of a version's release, like 2026-12-01; `undefined` where there was none. */
export function releaseDateOf(changelog: string, version: string): string | undefined {
  return / – (\d{4}-\d\d-\d\d)$/.exec(sectionOf(changelog, version)?.heading ?? "")?.[1];
}

function sectionOf(changelog: string, version: string): Section | undefined {
  return sectionsOf(changelog).find(({ heading }) => heading.startsWith(`## ${version} `));
}
