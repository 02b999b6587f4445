"""format=flowed (RFC 3676): soft line breaks taken out again."""


def unflow(text: str, *, delsp: bool) -> str:
    """Paragraphs on one line each; quoting depth and signature lines are kept as they were."""
    out: list[str] = []
    held = ""
    held_depth = -1
    for line in text.split("\n"):
        content = line.lstrip(">")
        depth = len(line) - len(content)
        content = content.removeprefix(" ")
        signature = content == "-- "
        if held_depth >= 0 and (depth != held_depth or signature):
            out.append(_quoted(held_depth, held))
            held, held_depth = "", -1
        soft = content.endswith(" ") and not signature
        held += content[:-1] if soft and delsp else content
        held_depth = depth
        if not soft:
            out.append(_quoted(depth, held))
            held, held_depth = "", -1
    if held_depth >= 0:
        out.append(_quoted(held_depth, held))
    return "\n".join(out)


def _quoted(depth: int, content: str) -> str:
    return f"{'>' * depth} {content}" if depth else content
