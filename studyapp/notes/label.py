"""The words by which notes of many languages call what asks, what answers, terms and meanings:
before them in a text, or above a column of them.
"""

from __future__ import annotations

QUESTION = (
    *("question", "frage", "pregunta", "domanda", "pergunta", "вопрос", "питання", "pytanie"),
    *("otázka", "vraag", "fråga", "spørgsmål", "spørsmål", "kysymys", "kérdés", "întrebare"),
    *("soru", "pitanje", "въпрос", "pertanyaan", "câu hỏi", "प्रश्न", "質問", "問題", "问题"),
    *("질문", "문제", "سؤال", "السؤال", "سوال", "שאלה", "ερώτηση"),
)
ANSWER = (
    *("answer", "solution", "response", "antwort", "lösung", "respuesta", "solución", "réponse"),
    *("risposta", "soluzione", "resposta", "solução", "ответ", "решение", "відповідь", "odpowiedź"),
    *("odpověď", "odpoveď", "antwoord", "svar", "vastaus", "válasz", "răspuns", "cevap", "yanıt"),
    *("odgovor", "отговор", "jawaban", "câu trả lời", "उत्तर", "答え", "解答", "回答", "答案"),
    *("답변", "정답", "대답", "جواب", "الجواب", "إجابة", "الإجابة", "پاسخ", "תשובה", "απάντηση"),
)
TERM = (
    *("term", "word", "vocab", "begriff", "vokabel", "wort", "término", "palabra", "terme", "mot"),
    *("termine", "parola", "слово", "термин"),
)
MEANING = (
    *("definition", "meaning", "translation", "bedeutung", "übersetzung", "definición"),
    *("significado", "traducción", "définition", "signification", "traduction", "definizione"),
    *("significato", "traduzione", "перевод", "значение"),
)
TAGS = (
    *("tags", "taggar", "tagi", "schlagwörter", "schlagworte", "stichwörter", "etiquetas"),
    *("étiquettes", "etichette", "štítky", "теги", "метки", "标签", "標籤", "タグ", "태그"),
)
