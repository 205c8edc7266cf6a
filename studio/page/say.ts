/** What says a sentence to who listens to the page; set by the frame. */
let listener: ((text: string) => void) | undefined;

/** Says in the page's one live region what a button has done. */
export function say(text: string): void {
  listener?.(text);
}

/** Has what is said from now on. */
export function listenToSaid(heard: (text: string) => void): () => void {
  listener = heard;
  return () => {
    listener = undefined;
  };
}
