import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";

/** Asks before something is done; Escape closes it, and so does its first button. */
export function Dialog(
  { title, children, confirm, isDangerous = false, onConfirm, onClose }: {
    title: string;
    children: ComponentChildren;
    /** What the button says that does it. */
    confirm: string;
    isDangerous?: boolean;
    onConfirm: () => void;
    onClose: () => void;
  },
): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const element = dialog.current!;
    const opener = document.activeElement as HTMLElement | null;
    element.showModal();
    return () => {
      element.close();
      opener?.focus();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      aria-labelledby="dialog-title"
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={({ target }) => target === dialog.current && onClose()}
    >
      <form
        method="dialog"
        onSubmit={(event) => {
          event.preventDefault();
          onConfirm();
        }}
      >
        <h2 id="dialog-title">{title}</h2>
        {children}
        <div class="row is-end">
          <button type="button" class="button" onClick={onClose}>
            Cancel
          </button>
          <button
            type="submit"
            class={`button ${isDangerous ? "is-danger" : "is-main"}`}
          >
            {confirm}
          </button>
        </div>
      </form>
    </dialog>
  );
}
