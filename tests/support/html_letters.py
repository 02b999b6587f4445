"""Mail as people write it, by ordinary programs."""

ORDINARY = (
    "<html><head><title>x</title><style>p{}</style></head><body>"
    + (
        "<div dir=ltr><p style='margin:0;color:#222'>Hello, my deposit &nbsp; of 0.5 BTC is <b>missing</b>.</p>"
        "<blockquote class=gmail_quote><a href='https://example.com/a?b=1&c=2'>link</a><br></blockquote></div>"
    )
    * 150
    + "</body></html>"
)
OUTLOOK = (
    "<html xmlns:o='urn:x'><body lang=EN-US link=blue><div class=WordSection1><p class=MsoNormal>"
    "<span style='font-family:\"Calibri\",sans-serif;mso-fareast-language:EN-US'>Hello<o:p></o:p></span></p>"
    "<table class=MsoTableGrid border=1 cellspacing=0 style='border-collapse:collapse'><tr><td width=200 valign=top>x</td></tr></table></div></body></html>"
)
