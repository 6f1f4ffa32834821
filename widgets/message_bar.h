#pragma once

#include <QFrame>

class QAction;
class QLabel;
class QProgressBar;
class QToolButton;

namespace lvr {

// One sentence at the top of the window, with at most one thing to do about it, and below it what
// is being waited for. Never modal.
class MessageBar : public QFrame {
    Q_OBJECT
public:
    enum class Kind { Hint, Error };
    explicit MessageBar(QWidget* parent = nullptr);

    // In place of the sentence before it, which said() has told of.
    void say(Kind kind, const QString& sentence, QAction* remedy = nullptr);
    // `fraction` 0..1; below 0: unknown. The button cancels. A sentence stays above it.
    void showProgress(const QString& what, double fraction);
    void endProgress();
    void dismiss();      // the sentence, read or not
    void dismissHint();  // the sentence, unless it is an error
    // What `remedy` was offered against is no more; an error without it stays.
    void dismissSolved(const QAction* remedy);
    bool showsProgress() const;
    Kind kind() const { return kind_; }
    QString sentence() const;  // of a message, else of progress; empty when nothing is shown

Q_SIGNALS:
    void cancelled();
    void said(lvr::MessageBar::Kind kind, const QString& sentence);

protected:
    void changeEvent(QEvent* event) override;

private:
    QLayout* messageRow();
    QLayout* progressRow();
    void refresh();
    void colour();

    QLabel* text_ = nullptr;
    QLabel* what_ = nullptr;  // is waited for
    QProgressBar* progress_ = nullptr;
    QToolButton* remedy_ = nullptr;
    QToolButton* cancel_ = nullptr;
    QToolButton* close_ = nullptr;
    Kind kind_ = Kind::Hint;
    bool waits_ = false;
};

}  // namespace lvr
