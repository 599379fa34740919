"""The tables of the processing record (article 30 of the GDPR), written from what the code really does."""

from gateway.services.data_care import Care
from gateway.services.personal_data import INVENTORY
from gateway.services.retention import CLASSES


def processing_record() -> str:
    """Markdown: how long each class is kept, and what becomes of each table's rows when a person is erased."""
    return "\n".join([*_classes(), "", *_tables(), ""])


def _classes() -> list[str]:
    rows = [
        f"| {kept.holds} | {kept.shortest} à {kept.longest} jours | {f'`{kept.setting}`' if kept.setting else 'fixé'} |"
        for kept in CLASSES
    ]
    return ["| Ce qui est conservé | Bornes de la durée | Réglage |", "| --- | --- | --- |", *rows]


def _tables() -> list[str]:
    rows = [
        f"| {care.holds} | `{name}` | {_fate(care)} |" for name, care in INVENTORY.items() if care.theirs is not None
    ]
    return ["| Données | Table | À l'effacement d'une personne |", "| --- | --- | --- |", *rows]


def _fate(care: Care) -> str:
    if care.is_deleted:
        return "lignes supprimées"
    return "pseudonyme ; vidé : " + ", ".join(f"`{column}`" for column in care.instead)
