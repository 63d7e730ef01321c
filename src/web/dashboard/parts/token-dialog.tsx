// Asks for the token that the daemon wants to see before it changes anything.
import { useState } from "preact/hooks";
import { Modal } from "./modal.tsx";

interface TokenDialogProps {
  readonly close: () => void;
  readonly take: (token: string) => void;
}

export function TokenDialog({ close, take }: TokenDialogProps) {
  const [text, setText] = useState("");
  const token = text.trim();
  return (
    <Modal title="Enter the token" close={close} onSubmit={() => token !== "" && take(token)}>
      <p>
        This is the <code>http.token</code> of the daemon's configuration. It stays in the memory of this page until you
        close or reload it, and is sent to the daemon only with the actions that you ask for.
      </p>
      <label class="field">
        Token
        <input
          type="password"
          autocomplete="off"
          spellcheck={false}
          value={text}
          onInput={({ currentTarget }) => setText(currentTarget.value)}
        />
      </label>
      <div class="dialog-buttons">
        <button type="button" onClick={close}>
          Cancel
        </button>
        <button type="submit" class="strong" disabled={token === ""}>
          Use it
        </button>
      </div>
    </Modal>
  );
}
