"""What the demo's customers write about, in English and Chinese."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Story:
    """One request: who, about what, and how it has gone so far."""

    name: str
    address: str
    category: str
    subject: str
    text: str
    language: str
    priority: str = "normal"
    tags: tuple[str, ...] = ()
    status: str = "new"
    answer: str = ""
    note: str = ""


STORIES = (
    Story(
        "王伟",
        "wang.wei@example.cn",
        "deposit",
        "USDT 充值 3 小时未到账",
        "您好，我今天上午 9:20 从另一个交易所提了 1,250 USDT（TRC20）到你们的充值地址，"
        "已经过了 3 个小时还没有到账。交易哈希见附件截图，麻烦尽快处理，谢谢！",
        "zh-hans",
        "urgent",
        ("充值", "trc20"),
        "open",
        "王伟您好，感谢您提供交易哈希。目前链上确认数为 12/20，达到后会自动入账。",
        "节点 09:30–10:10 延迟，确认数达标后会自动补入账。",
    ),
    Story(
        "Dmitri K.",
        "dmitri@example.org",
        "withdrawal",
        "Withdrawal stuck in “reviewing”",
        "It has been 26 hours and my withdrawal of 0.8 BTC still says reviewing. I need the "
        "funds today. What is missing?",
        "en",
        "urgent",
        ("withdrawal", "vip"),
        "open",
    ),
    Story(
        "李娜",
        "li.na@example.cn",
        "signin",
        "谷歌验证器丢失，无法登录",
        "我换了手机，没有保存验证器密钥，现在登录不了账户。请问怎样重置两步验证？",
        "zh-hans",
        "high",
        ("2fa",),
        "new",
    ),
    Story(
        "Amara O.",
        "amara@example.net",
        "deposit",
        "Wrong network: sent BEP20 to ERC20 address",
        "I sent 0.84 ETH over BEP20 to my ERC20 deposit address. The explorer shows it "
        "arrived. Can it be recovered?",
        "en",
        "high",
        ("deposit", "recovery"),
        "pending",
        "Thank you for the details. Recovery over BEP20 is possible; please confirm the "
        "last six characters of the sending address.",
        "Recoverable: same key on both chains. Fee applies.",
    ),
    Story(
        "陈杰",
        "chen.jie@example.cn",
        "identity",
        "身份认证被拒：照片不清晰",
        "已经第三次提交身份证照片了，还是提示不清晰。请问照片具体哪里有问题？",
        "zh-hans",
        "normal",
        ("kyc",),
        "open",
    ),
    Story(
        "Lucía F.",
        "lucia@example.es",
        "trading",
        "Trading fee tier did not update",
        "My 30-day volume has been above 5M since Monday but I still pay the old fee.",
        "en",
        "normal",
        ("fees",),
        "pending",
        "Tiers are recalculated each day at 00:00 UTC. Yours will change tonight, and the "
        "difference since Monday will be refunded.",
    ),
    Story(
        "张敏",
        "zhang.min@example.cn",
        "deposit",
        "XRP 充值忘记填写 Memo",
        "刚才充值 3,000 XRP 时忘记填写标签（Memo），交易已经成功，请帮忙找回。",
        "zh-hans",
        "high",
        ("充值", "memo"),
        "new",
    ),
    Story(
        "Jonas W.",
        "jonas@example.com",
        "other",
        "Export of 2025 tax statement as CSV",
        "The PDF works, but the CSV export of my 2025 statement is empty.",
        "en",
        "low",
        ("export",),
        "on_hold",
        "",
        "Known bug in the export job, fix is on its way.",
    ),
    Story(
        "周涛",
        "zhou.tao@example.cn",
        "account",
        "更换注册邮箱",
        "公司邮箱月底会停用，请问怎样把注册邮箱改成个人邮箱？",
        "zh-hans",
        "low",
        ("account",),
        "solved",
        "您好，请在「安全设置」中选择「更换邮箱」，新旧邮箱各验证一次即可完成更换。",
    ),
    Story(
        "Priya S.",
        "priya@example.in",
        "api",
        "API key IP allow-list limit",
        "We run 34 servers. Can the limit of 20 addresses on the allow-list be raised?",
        "en",
        "low",
        ("api",),
        "solved",
        "Yes: ranges in CIDR notation count as one entry. I have also raised your limit to 50.",
    ),
    Story(
        "赵雷",
        "zhao.lei@example.cn",
        "security",
        "收到自称客服的 Telegram 私信",
        "有人在 Telegram 上自称你们的客服，让我提供助记词验证账户。请核实是不是骗子。",
        "zh-hans",
        "urgent",
        ("phishing",),
        "new",
    ),
    Story(
        "Noah B.",
        "noah@example.com",
        "security",
        "I think my account was hacked",
        "I got an email about a login from a country I have never been to. I changed my "
        "password. Please lock withdrawals until we know more.",
        "en",
        "urgent",
        ("security", "locked"),
        "open",
        "We have paused withdrawals on your account. Nothing has left it. Please check the "
        "list of devices under Security and remove those you do not know.",
    ),
    Story(
        "孙丽",
        "sun.li@example.cn",
        "withdrawal",
        "提现地址填错，能否撤回？",
        "刚刚提交了一笔提现，发现地址少复制了一位，状态还是审核中，能帮我取消吗？",
        "zh-hans",
        "urgent",
        ("提现",),
        "new",
    ),
    Story(
        "Elif Y.",
        "elif@example.com",
        "identity",
        "Name on my passport changed",
        "I married and have a new passport. How do I update my verified name?",
        "en",
        "normal",
        ("kyc",),
        "pending",
        "Congratulations! Please upload the new passport and the certificate under "
        "Identity; it takes about a day.",
    ),
)

CATEGORIES = (
    ("deposit", "Deposit not credited", "充值未到账"),
    ("withdrawal", "Withdrawal", "提现问题"),
    ("signin", "Sign-in and 2FA", "登录与两步验证"),
    ("identity", "Identity verification", "身份认证"),
    ("security", "Account security", "账户安全"),
    ("trading", "Trading and fees", "交易与手续费"),
    ("account", "My account", "账户设置"),
    ("api", "API", "API"),
    ("other", "Something else", "其他问题"),
)

AGENTS = (
    ("Mei Lin", "mei@example.com", "Deposits & wallets"),
    ("Arjun Rao", "arjun@example.com", "Account security"),
    ("Sofia Berg", "sofia@example.com", "Deposits & wallets"),
)
