// A component that renders again only when one of its properties is another one. (Preact keeps its own `memo` in the
// compatibility layer for React, which this page does not need.)
import { Component, type ComponentChild, type ComponentType, type FunctionComponent } from "preact";

export function memo<P extends object>(Inner: FunctionComponent<P>): ComponentType<P> {
  return class Memo extends Component<P> {
    override shouldComponentUpdate(next: Readonly<P>): boolean {
      const keys = new Set([...Object.keys(this.props), ...Object.keys(next)]) as Set<keyof P>;
      return [...keys].some((key) => key !== "children" && this.props[key] !== next[key]);
    }

    override render(): ComponentChild {
      return <Inner {...this.props} />;
    }
  };
}
