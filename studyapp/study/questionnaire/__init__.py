"""What a learner does with a chapter's questions: answer them, judge the answers, publish them."""
