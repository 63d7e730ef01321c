// A dialog of the browser's own: it keeps the focus, Escape closes it, and the focus returns to where it was.
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { useOwnId } from "../lib/own-id.ts";

interface ModalProps {
  readonly title: string;
  readonly close: () => void;
  readonly onSubmit: () => void;
  readonly children: ComponentChildren;
}

export function Modal({ title, close, onSubmit, children }: ModalProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useOwnId();
  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);
  return (
    <dialog ref={dialog} aria-labelledby={id} onCancel={close}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          onSubmit();
        }}
      >
        <h2 id={id}>{title}</h2>
        {children}
      </form>
    </dialog>
  );
}
