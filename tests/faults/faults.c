/* Faults at the edge of a process, for tests: every change that it makes to files under one folder is counted, written
 * to a log, and at a chosen one something goes wrong. Loaded with LD_PRELOAD; idle until the environment names a control
 * file, so that a process may load it long before.
 *
 * The control file is `struct control`, shared by all processes of a command. At change number `at` (from 1):
 *   KILL   SIGKILL before it, to the process or (scope 1) to its group   TORN  the same after half of a write
 *   FULL   from then on nothing grows: ENOSPC                           EIO_1 this one fails: EIO
 *   FROZEN from then on nothing changes: EROFS
 * `clock` is added to the wall clock, `step` once more at every reading.
 *
 * The log holds what a power cut may undo: writes with what they overwrote, names made and removed, and what was synced.
 * Files that lose their last name are linked to the folder `<control>.graves`.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { NONE, KILL, TORN, FULL, EIO_1, FROZEN };

struct control {
    _Atomic uint64_t count, grave;
    uint64_t at;
    int64_t kind, scope, clock, step;
    _Atomic int64_t readings;
    char root[512];
};

struct entry { uint32_t size, op; uint64_t inode, offset, before; uint32_t first, second; };

static struct control *shared;
static char control_path[512];
static int log_fd = -1;

static int ready(void) {
    if (shared) return 1;
    const char *path = getenv("ZKAPEX_FAULTS");
    if (!path || strlen(path) > 480) return 0;
    int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0);
    if (fd < 0) return 0;
    void *map = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    syscall(SYS_close, fd);
    if (map == MAP_FAILED) return 0;
    strcpy(control_path, path);
    char name[512];
    snprintf(name, sizeof name, "%s.log", path);
    int opened = (int)syscall(SYS_openat, AT_FDCWD, name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    /* far from the small numbers, so that no descriptor of the program is another one than without us */
    log_fd = (int)syscall(SYS_fcntl, opened, F_DUPFD_CLOEXEC, 700);
    syscall(SYS_close, opened);
    shared = map;
    return 1;
}

/* Absolute path of a name as a call gives it. */
static int full_path(int folder, const char *name, char *out) {
    if (!name) return 0;
    if (name[0] == '/') return snprintf(out, PATH_MAX, "%s", name) < PATH_MAX;
    char base[PATH_MAX], link[64];
    snprintf(link, sizeof link, folder == AT_FDCWD ? "/proc/self/cwd" : "/proc/self/fd/%d", folder);
    long size = syscall(SYS_readlinkat, AT_FDCWD, link, base, PATH_MAX - 1);
    if (size <= 0) return 0;
    base[size] = 0;
    return snprintf(out, PATH_MAX, "%s/%s", base, name) < PATH_MAX;
}

static int inside(const char *path) {
    size_t size = strlen(shared->root);
    return size && !strncmp(path, shared->root, size) && (path[size] == '/' || !path[size]);
}

static int ours(int folder, const char *name, char *out) { return ready() && full_path(folder, name, out) && inside(out); }

/* Path of an open file under the folder; `named` is 0 where it has no name any more. */
static int ours_fd(int fd, char *out, int *named) {
    if (!ready()) return 0;
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    long size = syscall(SYS_readlinkat, AT_FDCWD, link, out, PATH_MAX - 1);
    if (size <= 0) return 0;
    out[size] = 0;
    char *gone = size > 10 ? strstr(out + size - 10, " (deleted)") : NULL;
    *named = !gone;
    return inside(out);
}

static void die(void) {
    if (shared->scope) syscall(SYS_kill, 0, SIGKILL);
    syscall(SYS_kill, (int)syscall(SYS_getpid), SIGKILL);
    for (;;) pause();
}

/* Count a change; 0, or the error that it shall fail with. `grows`: it needs room. `torn`: it may be done by half, then -1. */
static int fault(int grows, int torn) {
    uint64_t number = atomic_fetch_add(&shared->count, 1) + 1;
    if (!shared->at || number < shared->at) return 0;
    switch (shared->kind) {
    case KILL: die(); break;
    case TORN: if (torn) return -1; die(); break;
    case FULL: return grows ? ENOSPC : 0;
    case EIO_1: return number == shared->at ? EIO : 0;
    case FROZEN: return EROFS;
    }
    return 0;
}

static void note(char op, uint64_t inode, uint64_t offset, uint64_t before, const void *first, size_t a, const void *second, size_t b) {
    struct entry head = {(uint32_t)(sizeof head + a + b), (uint32_t)op, inode, offset, before, (uint32_t)a, (uint32_t)b};
    struct iovec parts[3] = {{&head, sizeof head}, {(void *)first, a}, {(void *)second, b}};
    int kept = errno;
    syscall(SYS_writev, log_fd, parts, 3);
    errno = kept;
}

static void note_names(char op, uint64_t inode, uint64_t grave, const char *first, const char *second) {
    note(op, inode, grave, 0, first, strlen(first), second, second ? strlen(second) : 0);
}

/* Keep what a name leads to before it leads elsewhere; 0 if it leads nowhere. */
static uint64_t bury(const char *path) {
    struct stat found;
    if (lstat(path, &found) || !S_ISREG(found.st_mode)) return 0;
    uint64_t number = atomic_fetch_add(&shared->grave, 1) + 1;
    char name[640];
    snprintf(name, sizeof name, "%s.graves/%lu", control_path, (unsigned long)number);
    return syscall(SYS_linkat, AT_FDCWD, path, AT_FDCWD, name, 0) ? 0 : number;
}

static uint64_t inode_of(const char *path) {
    struct stat found;
    return lstat(path, &found) ? 0 : found.st_ino;
}

#define NEXT(type, name, ...) static type (*next)(__VA_ARGS__); if (!next) next = (type (*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name)
#define FAIL(code) do { errno = (code); return -1; } while (0)

static int do_open(int folder, const char *name, int flags, mode_t mode) {
    char path[PATH_MAX];
    int makes = (flags & (O_CREAT | O_TRUNC)) && (flags & O_TMPFILE) != O_TMPFILE;
    if (!makes || !ours(folder, name, path)) return (int)syscall(SYS_openat, folder, name, flags, mode);
    struct stat before;
    int there = !stat(path, &before);
    if (there && !(flags & O_TRUNC)) return (int)syscall(SYS_openat, folder, name, flags, mode);
    int code = fault(1, 0);
    if (code > 0) FAIL(code);
    int fd = (int)syscall(SYS_openat, folder, name, flags, mode);
    if (fd >= 0 && !there) note_names('C', inode_of(path), 0, path, "");
    return fd;
}

#define OPENS(name) \
    int name(const char *path, int flags, ...) { va_list rest; va_start(rest, flags); mode_t mode = (mode_t)va_arg(rest, int); va_end(rest); return do_open(AT_FDCWD, path, flags, mode); }
#define OPENS_AT(name) \
    int name(int folder, const char *path, int flags, ...) { va_list rest; va_start(rest, flags); mode_t mode = (mode_t)va_arg(rest, int); va_end(rest); return do_open(folder, path, flags, mode); }
OPENS(open) OPENS(open64) OPENS_AT(openat) OPENS_AT(openat64)

static ssize_t do_write(int fd, const struct iovec *parts, int count, off_t at, int placed) {
    char path[PATH_MAX];
    int named, code;
    size_t size = 0;
    for (int i = 0; i < count; i++) size += parts[i].iov_len;
    if (!size || !ours_fd(fd, path, &named))
        return placed ? pwritev(fd, parts, count, at) : (ssize_t)syscall(SYS_writev, fd, parts, count);
    struct stat found = {0};
    fstat(fd, &found);
    off_t where = placed ? at : fcntl(fd, F_GETFL) & O_APPEND ? found.st_size : lseek(fd, 0, SEEK_CUR);
    if ((code = fault(where + (off_t)size > found.st_size || !named, 1)) > 0) FAIL(code);
    size_t done = code < 0 ? size / 2 : size;
    if (named && where < found.st_size) {
        size_t old = (size_t)(found.st_size - where) < size ? (size_t)(found.st_size - where) : size;
        char link[64], *kept = malloc(old);
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        /* through the same descriptor where it may read: to close another one would drop the process's locks on the file */
        int own = (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDWR;
        int reader = own ? fd : (int)syscall(SYS_openat, AT_FDCWD, link, O_RDONLY | O_CLOEXEC, 0);
        if (reader >= 0 && pread(reader, kept, old, where) == (ssize_t)old)
            note('W', found.st_ino, (uint64_t)where, (uint64_t)found.st_size, kept, old, NULL, 0);
        if (!own) syscall(SYS_close, reader);
        free(kept);
    } else if (named)
        note('W', found.st_ino, (uint64_t)where, (uint64_t)found.st_size, NULL, 0, NULL, 0);
    ssize_t result = 0;
    if (done == size) result = placed ? pwritev(fd, parts, count, at) : (ssize_t)syscall(SYS_writev, fd, parts, count);
    else for (int i = 0; i < count && done; i++) {
        size_t part = parts[i].iov_len < done ? parts[i].iov_len : done;
        syscall(placed ? SYS_pwrite64 : SYS_write, fd, parts[i].iov_base, part, at);
        at += (off_t)part, done -= part;
    }
    if (code < 0) die();
    return result;
}

ssize_t write(int fd, const void *data, size_t size) { struct iovec one = {(void *)data, size}; return do_write(fd, &one, 1, 0, 0); }
ssize_t writev(int fd, const struct iovec *parts, int count) { return do_write(fd, parts, count, 0, 0); }
ssize_t pwrite(int fd, const void *data, size_t size, off_t at) { struct iovec one = {(void *)data, size}; return do_write(fd, &one, 1, at, 1); }
ssize_t pwrite64(int fd, const void *data, size_t size, off_t at) { return pwrite(fd, data, size, at); }

/* Copies inside the kernel would be seen by nobody: their callers go on with read and write. */
ssize_t copy_file_range(int a, off_t *b, int c, off_t *d, size_t e, unsigned f) { (void)a, (void)b, (void)c, (void)d, (void)e, (void)f; FAIL(ENOSYS); }
ssize_t copy_file_range64(int a, off_t *b, int c, off_t *d, size_t e, unsigned f) { (void)a, (void)b, (void)c, (void)d, (void)e, (void)f; FAIL(ENOSYS); }
ssize_t sendfile(int a, int b, off_t *c, size_t d) { (void)a, (void)b, (void)c, (void)d; FAIL(ENOSYS); }
ssize_t sendfile64(int a, int b, off_t *c, size_t d) { (void)a, (void)b, (void)c, (void)d; FAIL(ENOSYS); }

int ftruncate(int fd, off_t size) {
    char path[PATH_MAX];
    int named, code;
    if (!ours_fd(fd, path, &named)) return (int)syscall(SYS_ftruncate, fd, size);
    struct stat found = {0};
    fstat(fd, &found);
    if ((code = fault(size > found.st_size, 0)) > 0) FAIL(code);
    size_t lost = size < found.st_size ? (size_t)(found.st_size - size) : 0;
    char *kept = malloc(lost + 1);
    if (named && pread(fd, kept, lost, size) == (ssize_t)lost)
        note('T', found.st_ino, (uint64_t)size, (uint64_t)found.st_size, kept, lost, NULL, 0);
    free(kept);
    return (int)syscall(SYS_ftruncate, fd, size);
}
int ftruncate64(int fd, off_t size) { return ftruncate(fd, size); }

int posix_fallocate(int fd, off_t at, off_t size) {
    char path[PATH_MAX];
    int named, code = 0;
    if (ours_fd(fd, path, &named) && (code = fault(1, 0)) > 0) return code;
    return syscall(SYS_fallocate, fd, 0, at, size) ? errno : 0;
}
int posix_fallocate64(int fd, off_t at, off_t size) { return posix_fallocate(fd, at, size); }

static int do_sync(int fd, long number) {
    char path[PATH_MAX];
    int named, code;
    if (!ours_fd(fd, path, &named)) return (int)syscall(number, fd);
    if ((code = fault(0, 0)) > 0) FAIL(code);
    int result = (int)syscall(number, fd);
    struct stat found = {0};
    fstat(fd, &found);
    if (!result && named) note_names(S_ISDIR(found.st_mode) ? 'D' : 'S', found.st_ino, 0, path, "");
    return result;
}
int fsync(int fd) { return do_sync(fd, SYS_fsync); }
int fdatasync(int fd) { return do_sync(fd, SYS_fdatasync); }

static int do_rename(int from_folder, const char *from, int to_folder, const char *to, unsigned flags) {
    char a[PATH_MAX], b[PATH_MAX];
    if (!ours(from_folder, from, a) | !full_path(to_folder, to, b)) return (int)syscall(SYS_renameat2, from_folder, from, to_folder, to, flags);
    int code = fault(0, 0);
    if (code > 0) FAIL(code);
    uint64_t inode = inode_of(a), grave = bury(b);
    int result = (int)syscall(SYS_renameat2, from_folder, from, to_folder, to, flags);
    if (!result) note_names('R', inode, grave, a, b);
    return result;
}
int rename(const char *from, const char *to) { return do_rename(AT_FDCWD, from, AT_FDCWD, to, 0); }
int renameat(int a, const char *from, int b, const char *to) { return do_rename(a, from, b, to, 0); }
int renameat2(int a, const char *from, int b, const char *to, unsigned flags) { return do_rename(a, from, b, to, flags); }

int linkat(int from_folder, const char *from, int to_folder, const char *to, int flags) {
    char path[PATH_MAX];
    if (!ours(to_folder, to, path)) return (int)syscall(SYS_linkat, from_folder, from, to_folder, to, flags);
    int code = fault(1, 0);
    if (code > 0) FAIL(code);
    int result = (int)syscall(SYS_linkat, from_folder, from, to_folder, to, flags);
    if (!result) note_names('C', inode_of(path), 0, path, "");
    return result;
}
int link(const char *from, const char *to) { return linkat(AT_FDCWD, from, AT_FDCWD, to, 0); }

int unlinkat(int folder, const char *name, int flags) {
    char path[PATH_MAX];
    if (!ours(folder, name, path)) return (int)syscall(SYS_unlinkat, folder, name, flags);
    int code = fault(0, 0);
    if (code > 0) FAIL(code);
    uint64_t inode = inode_of(path), grave = flags & AT_REMOVEDIR ? 0 : bury(path);
    int result = (int)syscall(SYS_unlinkat, folder, name, flags);
    if (!result) note_names(flags & AT_REMOVEDIR ? 'X' : 'U', inode, grave, path, "");
    return result;
}
int unlink(const char *name) { return unlinkat(AT_FDCWD, name, 0); }
int rmdir(const char *name) { return unlinkat(AT_FDCWD, name, AT_REMOVEDIR); }
int remove(const char *name) { struct stat found; return !lstat(name, &found) && S_ISDIR(found.st_mode) ? rmdir(name) : unlink(name); }

int mkdirat(int folder, const char *name, mode_t mode) {
    char path[PATH_MAX];
    struct stat found;
    if (!ours(folder, name, path) || !stat(path, &found)) return (int)syscall(SYS_mkdirat, folder, name, mode);
    int code = fault(1, 0);
    if (code > 0) FAIL(code);
    int result = (int)syscall(SYS_mkdirat, folder, name, mode);
    if (!result) note_names('M', inode_of(path), 0, path, "");
    return result;
}
int mkdir(const char *name, mode_t mode) { return mkdirat(AT_FDCWD, name, mode); }

int clock_gettime(clockid_t which, struct timespec *out) {
    NEXT(int, clock_gettime, clockid_t, struct timespec *);
    int result = next(which, out);
    if (which == CLOCK_REALTIME && !result && ready())
        out->tv_sec += shared->clock + shared->step * atomic_fetch_add(&shared->readings, 1);
    return result;
}
time_t time(time_t *out) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (out) *out = now.tv_sec;
    return now.tv_sec;
}
int gettimeofday(struct timeval *restrict out, void *restrict zone) {
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    out->tv_sec = now.tv_sec, out->tv_usec = now.tv_nsec / 1000;
    return 0;
}
