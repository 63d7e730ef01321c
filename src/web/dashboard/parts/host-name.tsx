// A name with dots in it, which may be broken after each of them where there is little room.
import { Fragment } from "preact";

export function HostName({ name }: { name: string }) {
  return (
    <>
      {name.split(/(?<=\.)/).map((label, index) => (
        <Fragment key={index}>
          {index > 0 && <wbr />}
          {label}
        </Fragment>
      ))}
    </>
  );
}
