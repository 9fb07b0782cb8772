from anime_gan.data.demo.dataset import main
from anime_gan.errors import clean_exit

if __name__ == "__main__":  # the workers that draw import this file too
    clean_exit(main)()
