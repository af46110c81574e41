"""Do the three train alike? Their curves side by side, and the differences, which equal curves hide, below them."""

from compare.curves.answer import Curves
from compare.curves.chapter.question import is_the_chapters_loop, look_closer, train_with_changes
from compare.shared.account import Account
from compare.shared.dataset import load_mnist
from compare.shared.differences import differences
from compare.shared.output import Output
from compare.shared.settings import Settings
from compare.shared.threads import use_threads
from compare.shared.training import Digits
from compare.side_by_side.trainings import judge, learned, save_curves, train_all


def ask(settings: Settings, output: Output) -> Curves:
    """Train the three and draw them. Raises BadInput for a set, an option or a folder that cannot be used."""
    output.open()
    data = load_mnist(settings.data)
    digits = Digits.of(data, settings)
    with use_threads(settings.threads):
        found = train_with_changes(settings, data, digits, output) if is_the_chapters_loop(settings) else None
        curves = found.printed if found else train_all(settings, digits, output)
        pairs = differences(curves)
        holds, alike = judge(settings, curves, pairs)
        save_curves(curves, settings, output)
        closer = look_closer(settings, found, data, output) if found else None
        how = learned(curves[0])
        account = Account(f"{alike.verdict} {how.verdict}", [*alike.reasons, *how.reasons])
        return Curves(settings, curves, pairs, account, holds and (closer is None or closer.holds), closer)
