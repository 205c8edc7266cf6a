import {
  CommandError,
  createAggregate,
  createUpcasters,
  type StorableAggregate,
} from "evtstore";

/** What can happen to a product. */
export type ProductEvent =
  | { type: "ProductListed"; name: string; cents: number }
  | { type: "PriceChanged"; cents: number }
  | { type: "ProductWithdrawn" };

/** Every shape that was ever stored: prices were in euros until 2024. */
export type StoredProductEvent =
  | ProductEvent
  | { type: "ProductListed"; name: string; euros: number };

/** What the shop sells. */
export type Product = { isListed: boolean; name: string; cents: number };

/** A product and what its events change. */
export const product: StorableAggregate<
  ProductEvent,
  Product,
  "products",
  StoredProductEvent
> = createAggregate({
  stream: "products",
  upcast: createUpcasters<StoredProductEvent, ProductEvent>({
    ProductListed(event) {
      if (!("euros" in event)) return event;
      const { type, name, euros } = event;
      return { type, name, cents: Math.round(euros * 100) };
    },
  }),
  create: (): Product => ({ isListed: false, name: "", cents: 0 }),
  fold: (event: ProductEvent): Partial<Product> => {
    switch (event.type) {
      case "ProductListed":
        return { isListed: true, name: event.name, cents: event.cents };
      case "PriceChanged":
        return { cents: event.cents };
      case "ProductWithdrawn":
        return { isListed: false };
    }
  },
});

/** What can be asked of a product. */
export const productCommands = {
  list(
    { name, cents }: { name: string; cents: number },
    { isListed }: Product,
  ): ProductEvent {
    if (isListed) throw new CommandError("It is listed already", "LISTED");
    return { type: "ProductListed", name, cents };
  },

  changePrice(
    { cents }: { cents: number },
    product: Product,
  ): ProductEvent | void {
    mustBeListed(product);
    if (cents !== product.cents) return { type: "PriceChanged", cents };
  },

  withdraw(_command: object, product: Product): ProductEvent {
    mustBeListed(product);
    return { type: "ProductWithdrawn" };
  },
};

/** @throws {CommandError} `NOT_LISTED` for what the shop does not sell. */
export function mustBeListed({ isListed }: Product): void {
  if (!isListed) throw new CommandError("The shop has no such", "NOT_LISTED");
}
