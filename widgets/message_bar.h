#pragma once

#include <QFrame>

class QAction;
class QLabel;
class QProgressBar;
class QToolButton;

namespace lvr {

// One sentence at the top of the window, with at most one thing to do about it. Never modal.
class MessageBar : public QFrame {
    Q_OBJECT
public:
    enum class Kind { Hint, Error };
    explicit MessageBar(QWidget* parent = nullptr);

    void say(Kind kind, const QString& sentence, QAction* remedy = nullptr);
    // `fraction` 0..1; below 0: unknown. The button cancels.
    void showProgress(const QString& what, double fraction);
    void dismiss();
    bool showsProgress() const;
    Kind kind() const { return kind_; }
    QString sentence() const;  // empty when nothing is shown

Q_SIGNALS:
    void cancelled();

protected:
    void changeEvent(QEvent* event) override;

private:
    void colour();

    QLabel* text_ = nullptr;
    QProgressBar* progress_ = nullptr;
    QToolButton* remedy_ = nullptr;
    QToolButton* cancel_ = nullptr;
    QToolButton* close_ = nullptr;
    Kind kind_ = Kind::Hint;
};

}  // namespace lvr
