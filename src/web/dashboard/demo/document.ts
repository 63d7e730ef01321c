// What `GET /demo/controls` answers, and what may be sent there: the demo's own server side is in src/demo/.

/** What changing calls to the API of the demo's daemon must carry. There are only toys behind it. */
export const demoHttpToken = "only-for-this-demo";

export type EndpointName = "cable" | "mobile";

/** How a toy endpoint can be made to behave. */
export type WayName = "ok" | "refuse" | "503" | "hang" | "slow";

export interface ControlsDocument {
  readonly story: StoryDocument;
  readonly endpoints: readonly { readonly name: EndpointName; readonly way: WayName }[];
  /** Whether the monitor's own connection is cut. */
  readonly isCut: boolean;
  readonly isCloudflareDown: boolean;
  /** What changing calls to the API want: everybody may know it here. */
  readonly token: string;
}

export type StoryDocument =
  | { readonly kind: "starting" }
  | {
      readonly kind: "step";
      readonly number: number;
      readonly count: number;
      readonly title: string;
      readonly text: string;
      readonly outcome?: { readonly isAsTold: boolean; readonly words: string };
    }
  | { readonly kind: "ended"; readonly isWell: boolean; readonly words: string }
  /** A person has taken over. `echo`: what came of the newest deed. */
  | { readonly kind: "aside"; readonly echo?: string };

/** Something that a person does to the world. */
export type Deed =
  | { readonly deed: "endpoint"; readonly endpoint: EndpointName; readonly way: WayName }
  | { readonly deed: "connection"; readonly isCut: boolean }
  | { readonly deed: "cloudflare"; readonly isDown: boolean }
  | { readonly deed: "edit-record" }
  /** Everything is repaired, and the story begins again. */
  | { readonly deed: "story" };
